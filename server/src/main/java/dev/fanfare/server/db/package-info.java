/**
 * Access to PostgreSQL: a connection pool, transactions in an environment, statements with named
 * parameters, and signals between servers. Open {@link dev.fanfare.server.db.Database} first. This
 * package owns no table.
 */
@NullMarked
package dev.fanfare.server.db;

import org.jspecify.annotations.NullMarked;
