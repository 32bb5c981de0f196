"""Files of tensors as other programs write them: a list of what they hold, each tensor read when it is wanted."""
