"""Sparkplug B 3.0: a host application, and the wire format.

adapter      what the gateway sees: an adapter, and the session of its connection
host         what each message means, given what came before it
lifecycle    births and deaths          quick        the quick way for data
passing      what follows from time     interpreter  what metrics mean
sequence     order of messages          rebirths     when births are asked for
state        STATE certificates         codec        the wire format
"""
