"""Where files lie: in a folder, in a bucket, or in rows of the database; see `kernel.storage`."""
