-- People who may sign in.
CREATE TABLE auth.users (
    id         bigint PRIMARY KEY,
    email      text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders (
    id      bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES auth.users (id),
    total   numeric(10, 2) NOT NULL
);

CREATE INDEX orders_by_user ON orders (user_id);

-- What each user has spent.
CREATE VIEW spending AS
SELECT u.email, sum(o.total) AS total
FROM auth.users u
JOIN orders o ON o.user_id = u.id
GROUP BY u.email;

CREATE OR REPLACE FUNCTION order_count(who bigint) RETURNS bigint AS $$
    SELECT count(*) FROM orders WHERE user_id = who;
$$ LANGUAGE sql STABLE;

INSERT INTO auth.users (id, email) VALUES (1, 'admin@example.org');
