package dev.fanfare.server.access;

/**
 * A world of its own: nothing in one environment is visible from another.
 *
 * @param id first column of every key
 * @param publicId what tokens carry as their subject
 * @param slug {@code dev}, {@code staging} or {@code prod}
 */
public record Environment(int id, String publicId, String slug) {}
