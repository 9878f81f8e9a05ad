"""The only door to the network: a broker that checks every address before it connects, and connects to what it checked.

Two profiles. *Chosen* is for an address that came from a model or from data: public web servers only (`Broker.fetch`).
*Configured* is for a place that a person entered: exactly that one, wherever it is (`Broker.transport`,
`Broker.connect`).
"""
