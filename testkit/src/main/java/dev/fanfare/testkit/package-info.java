/**
 * Support for the tests of every module: a real database per test class, a settable clock, random
 * tests that can be replayed, and bounded waiting.
 *
 * <p>Open {@link dev.fanfare.testkit.TestDatabase} first. This package does not depend on Fanfare's
 * tables or its server.
 */
@NullMarked
package dev.fanfare.testkit;

import org.jspecify.annotations.NullMarked;
