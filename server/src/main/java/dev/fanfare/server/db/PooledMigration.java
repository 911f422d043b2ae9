package dev.fanfare.server.db;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import javax.sql.DataSource;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Lets Flyway migrate through a pooler that shares connections between transactions. Flyway sets
 * the search path and the role for the session, which would reach others; here they hold for the
 * transaction of the migration, which also has the settings that other connections always have.
 */
final class PooledMigration {
  private static final String SESSION_PATH = "set_config('search_path', ?, false)";
  private static final String TRANSACTION_PATH = "set_config('search_path', ?, true)";
  private static final String SESSION_ROLE = "SET ROLE ";
  private static final String TRANSACTION_ROLE = "SET LOCAL ROLE ";

  private PooledMigration() {}

  static void configure(FluentConfiguration flyway, Connector connector) {
    flyway.dataSource(
        proxy(
            DataSource.class,
            connector,
            (method, arguments) -> {
              Object result = call(connector, method, arguments);
              return result instanceof Connection connection ? withoutSession(connection) : result;
            }));
    flyway.callbacks(new Settings(Objects.requireNonNull(connector.settingsOfTransaction())));
  }

  private static Connection withoutSession(Connection connection) {
    return proxy(
        Connection.class,
        connection,
        (method, arguments) -> {
          if (arguments != null && arguments[0] instanceof String sql) {
            arguments[0] =
                sql.replace(SESSION_PATH, TRANSACTION_PATH).replace(SESSION_ROLE, TRANSACTION_ROLE);
          }
          return call(connection, method, arguments);
        });
  }

  private interface Handler {
    @Nullable Object handle(Method method, Object @Nullable [] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, T target, Handler handler) {
    InvocationHandler invocations = (proxy, method, arguments) -> handler.handle(method, arguments);
    return type.cast(
        Proxy.newProxyInstance(
            target.getClass().getClassLoader(), new Class<?>[] {type}, invocations));
  }

  private static @Nullable Object call(Object target, Method method, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  /** The first statement in the transaction of each migration. */
  private static final class Settings extends BaseCallback {
    private final String statement;

    Settings(String statement) {
      this.statement = statement;
    }

    @Override
    public boolean supports(Event event, Context context) {
      return event == Event.BEFORE_EACH_MIGRATE;
    }

    @Override
    public void handle(Event event, Context context) {
      try (Statement settings = context.getConnection().createStatement()) {
        settings.execute(statement);
      } catch (SQLException e) {
        throw new FlywayException(e);
      }
    }
  }
}
