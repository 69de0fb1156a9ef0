"""The reference service: the page of PutItems, implemented.

`core` is a plain function from request to response; `store` holds the datasets and their items;
`http` is one way in, `signatures` an optional door-keeper. `account` puts a control plane and STS
beside it, so that it stands in for an AWS account. What the page doesn't say was decided
here and is listed in docs/fidelity.md: it is not what AWS does, it is what nobody knows.
"""
