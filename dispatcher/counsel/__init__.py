"""What counsel should get, has got, and the folder that goes to them."""
