/**
 * Changes of stored runs: tags, metadata, delays, idempotency keys. Owns no table; the statements
 * are in packages of lower layers. Open {@link dev.fanfare.server.control.ChangeRuns} first.
 */
@NullMarked
package dev.fanfare.server.control;

import org.jspecify.annotations.NullMarked;
