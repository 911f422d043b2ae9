/** Reads SQL, for the test of who uses which table. */
@org.jspecify.annotations.NullMarked
package dev.fanfare.server.sql;
