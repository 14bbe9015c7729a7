"""What is agreed with a person who owes: offered, recorded, kept watch over, ended, handed over."""
