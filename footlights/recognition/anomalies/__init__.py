"""What is not as it should be: alerts in plain words, judged on what is seen on one stream."""
