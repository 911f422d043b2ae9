/**
 * The demo tasks and the example of the README, compiled with the rest of the project. Start
 * reading at {@link dev.fanfare.examples.ReadmeExample}.
 */
@NullMarked
package dev.fanfare.examples;

import org.jspecify.annotations.NullMarked;
