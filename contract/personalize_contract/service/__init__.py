"""The reference service: the pages of the operations, implemented.

`core` is a plain function from request to response, `store` holds the datasets and their items,
`http_server` serves both on a socket, `signatures` rejects unsigned requests, and `error_response`
reports an error of this package over HTTP. Where the page is silent, a decision had to be made:
docs/fidelity.md lists them. AWS may behave differently there; nobody knows.
"""
