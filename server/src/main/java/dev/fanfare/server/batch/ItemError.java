package dev.fanfare.server.batch;

/**
 * Why an item of a batch could not be triggered. It is stored and returned as JSON with these
 * names.
 *
 * @param index the item's position in the batch
 * @param error a human-readable message
 * @param errorCode a stable code for programs
 */
public record ItemError(int index, String taskIdentifier, String error, String errorCode) {}
