"""Rung 4, embeddings: a word is a row of three numbers, in a table that learning may change."""


def embed(tokens, E):
    """xᵢ = the row of E that belongs to word i: the same row wherever the word stands"""
    return E[tokens]


def unembed(x, E):
    """logitⱼ = x · Eⱼ: how well x points the way of each word; the same table again (tied)"""
    return E @ x
