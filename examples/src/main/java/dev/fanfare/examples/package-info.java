/**
 * The demo tasks, and the examples of the documentation, compiled with everything else. Open {@link
 * dev.fanfare.examples.ReadmeExample} first.
 */
@NullMarked
package dev.fanfare.examples;

import org.jspecify.annotations.NullMarked;
