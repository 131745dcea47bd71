"""What a buyer who pays late owes beside the claim: interest by the day, fees, the claim for it."""
