"""Tests of plants and their scenarios."""
