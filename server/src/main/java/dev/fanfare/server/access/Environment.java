package dev.fanfare.server.access;

/**
 * An environment: one tenant, whose data no other environment can access.
 *
 * @param id the number that begins the primary key of its rows
 * @param publicId the id in the API and in the subject of tokens, such as {@code env_…}
 * @param slug {@code dev}, {@code staging} or {@code prod}
 */
public record Environment(int id, String publicId, String slug) {}
