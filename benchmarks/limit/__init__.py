"""What the machine allows: bare Starlette endpoints over asyncpg that send what one statement returns."""
