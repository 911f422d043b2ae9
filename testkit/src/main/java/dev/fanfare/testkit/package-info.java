/**
 * Support for the tests of every module: a real database per test class, a settable clock, random
 * tests that can be replayed, bounded waiting, and what it takes to compare documents with the
 * code: the project's files, and a counter of round trips to the database.
 *
 * <p>Open {@link dev.fanfare.testkit.TestDatabase} first. This package does not depend on Fanfare's
 * tables or its server.
 */
@NullMarked
package dev.fanfare.testkit;

import org.jspecify.annotations.NullMarked;
