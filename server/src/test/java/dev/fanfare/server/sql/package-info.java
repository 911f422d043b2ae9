/** Reads the SQL in the server's sources, for tests of who uses which table. */
@org.jspecify.annotations.NullMarked
package dev.fanfare.server.sql;
