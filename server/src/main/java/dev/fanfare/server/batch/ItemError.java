package dev.fanfare.server.batch;

/**
 * Why an item of a batch could not be triggered. It is stored and shown in this shape.
 *
 * @param index its place in the batch
 * @param error for people
 * @param errorCode for programs
 */
public record ItemError(int index, String taskIdentifier, String error, String errorCode) {}
