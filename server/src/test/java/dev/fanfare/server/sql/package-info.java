/** Finds the tables that SQL statements use, for the test of their owners. */
@org.jspecify.annotations.NullMarked
package dev.fanfare.server.sql;
