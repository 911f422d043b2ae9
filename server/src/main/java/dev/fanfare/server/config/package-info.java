/**
 * The settings: their declarations, their sources, and the values that a server starts with.
 *
 * <p>Open {@link dev.fanfare.server.config.ServerSettings} for the settings and their meaning,
 * {@link dev.fanfare.server.config.ServerConfig} for their values, {@link
 * dev.fanfare.server.config.Settings} for how environment, file and defaults are combined. This
 * package opens no connection or port, and depends on no other package of the server.
 */
@NullMarked
package dev.fanfare.server.config;

import org.jspecify.annotations.NullMarked;
