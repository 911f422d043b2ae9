/**
 * Triggering a run over HTTP, and what all triggers share: reading an item with its options,
 * reading headers, checking parents. Read {@link dev.fanfare.server.trigger.http.ItemReader} first.
 * Names that belong to one version of the API do not leave this package.
 */
@NullMarked
package dev.fanfare.server.trigger.http;

import org.jspecify.annotations.NullMarked;
