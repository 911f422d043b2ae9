/**
 * Results of use cases: a {@link dev.fanfare.server.result.Refusal} is a value, which the HTTP edge
 * turns into a response. Exceptions are for unexpected failures.
 */
@NullMarked
package dev.fanfare.server.result;

import org.jspecify.annotations.NullMarked;
