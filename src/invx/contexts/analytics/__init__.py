"""Analytics: what a business earned, by month.

Owns nothing: it only reacts to what others publish, and everything here can be made anew from their
past (`invx republish --from invoicing --to analytics`). Publishes nothing.
"""
