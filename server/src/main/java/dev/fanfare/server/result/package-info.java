/**
 * How use cases say no: a {@link dev.fanfare.server.result.Refusal} is a value, which the HTTP edge
 * turns into a response. Exceptions are for broken promises.
 */
@NullMarked
package dev.fanfare.server.result;

import org.jspecify.annotations.NullMarked;
