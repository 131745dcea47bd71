"""What `invx doctor` looks at. Each check tells what it saw and, where that is bad, the remedy."""
