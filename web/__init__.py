"""The playground's page: static files, which easel.playground serves."""
