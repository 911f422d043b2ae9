package dev.fanfare.server.access.http;

import static dev.fanfare.server.config.ServerSettings.API_RATE;
import static dev.fanfare.server.config.ServerSettings.BATCH_RATE;
import static dev.fanfare.server.config.ServerSettings.TOKEN_RATE;

import dev.fanfare.server.access.Keys;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.Route;
import java.util.List;

/** Access over HTTP: authenticated routes, rate limits, and the routes that create tokens. */
public final class HttpAccess implements Component {
  private final RateLimits rates;
  private final AuthenticatedRoutes authenticated;
  private final ResponseTokens responseTokens;
  private final TokenRoutes tokenRoutes;

  public HttpAccess(Resources resources, Keys keys) {
    ServerConfig config = resources.config();
    PublicTokens tokens = new PublicTokens(keys, resources.clock());
    this.rates =
        new RateLimits(
            config.get(API_RATE),
            config.get(TOKEN_RATE),
            config.get(BATCH_RATE),
            resources.clock());
    this.authenticated =
        new AuthenticatedRoutes(new Authenticator(keys, tokens, resources.clock()), rates);
    this.responseTokens = new ResponseTokens(tokens);
    this.tokenRoutes = new TokenRoutes(authenticated, tokens, resources.clock());
  }

  /** Creates the authenticated routes of other components. */
  public AuthenticatedRoutes authenticated() {
    return authenticated;
  }

  /** The rate limits, which count the items of batches. */
  public RateLimits rates() {
    return rates;
  }

  /** Adds tokens to the responses to triggers. */
  public ResponseTokens responseTokens() {
    return responseTokens;
  }

  @Override
  public List<Route> routes() {
    return tokenRoutes.routes();
  }
}
