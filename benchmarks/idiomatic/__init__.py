"""The server one would write with Strawberry, SQLAlchemy's ORM and data loaders, as their documentation teaches."""
