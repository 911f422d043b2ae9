/**
 * The database: a pool, transactions in an environment, and whole statements with named parameters.
 * Open {@link dev.fanfare.server.db.Database} first. It knows no room and no table but Flyway's.
 */
@NullMarked
package dev.fanfare.server.db;

import org.jspecify.annotations.NullMarked;
