"""A stand-in for an AWS account: the reference service beside a control plane and STS."""
