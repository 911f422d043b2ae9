/**
 * The settings: their declarations, their sources, and the values that a server starts with.
 *
 * <p>Open {@link dev.fanfare.server.config.ServerSettings} for the settings and their meaning,
 * {@link dev.fanfare.server.config.ServerConfig} for their values, {@link
 * dev.fanfare.server.config.Settings} for how environment, file and defaults are combined; the
 * command line calls {@code Settings.read}. Limits that operators set are here; limits that clients
 * know are in {@code dev.fanfare.protocol.Limits}; all others are private constants of the class
 * that applies them. This package opens no connection or port, and depends on no other package of
 * the server.
 */
@NullMarked
package dev.fanfare.server.config;

import org.jspecify.annotations.NullMarked;
