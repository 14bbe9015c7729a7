"""The pages, the API, the debtors' page, the webhooks and the probes: Starlette over the services."""
