/**
 * Triggering a run over HTTP, and what all triggers share: the reader of one item with its options,
 * the headers, the check of parents. Open {@link dev.fanfare.server.trigger.http.ItemReader} first.
 * Words of a dialect stop here.
 */
@NullMarked
package dev.fanfare.server.trigger.http;

import org.jspecify.annotations.NullMarked;
