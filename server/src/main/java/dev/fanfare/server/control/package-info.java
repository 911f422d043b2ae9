/**
 * What people and handlers change of a stored run: its tags, its metadata, its delay, its
 * idempotency key. Owns no table: the statements are those of the rooms below. Open {@link
 * dev.fanfare.server.control.ChangeRuns} first.
 */
@NullMarked
package dev.fanfare.server.control;

import org.jspecify.annotations.NullMarked;
