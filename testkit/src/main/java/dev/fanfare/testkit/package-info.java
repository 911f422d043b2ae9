/**
 * What tests of every module share: a real database per test class, a clock that stands still until
 * told, random tests that can be replayed, and the one wait that is allowed.
 *
 * <p>Open {@link dev.fanfare.testkit.TestDatabase} first. Nothing here knows Fanfare's tables or
 * its server.
 */
@NullMarked
package dev.fanfare.testkit;

import org.jspecify.annotations.NullMarked;
