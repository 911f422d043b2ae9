package dev.fanfare.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      textBlock =
          """
          postgres://ann:s3cret@db:6543/app             , jdbc:postgresql://db:6543/app                  , ann   , s3cret
          postgresql://ann@db/app                       , jdbc:postgresql://db/app                       , ann   , -
          postgres://db                                 , jdbc:postgresql://db/                          , -     , -
          postgres://ann:a%40b%2Fc+d@db/app             , jdbc:postgresql://db/app                       , ann   , a@b/c+d
          postgres://ann:p@ss@db/app                    , jdbc:postgresql://db/app                       , ann   , p@ss
          postgres://ann:x@[::1]:5432/app               , jdbc:postgresql://[::1]:5432/app               , ann   , x
          postgres://ann:x@db?sslmode=require           , jdbc:postgresql://db/?sslmode=require          , ann   , x
          postgres://db/app?application_name=f&user=bob , jdbc:postgresql://db/app?ApplicationName=f     , bob   , -
          jdbc:postgresql://db/app?user=ann&password=x  , jdbc:postgresql://db/app                       , ann   , x
          jdbc:postgresql:app                           , jdbc:postgresql:app                            , -     , -
          jdbc:postgresql://ann:a%2Fb@db:1/app          , jdbc:postgresql://db:1/app                     , ann   , a/b
          postgres://ann:a:b#c@db/app                   , jdbc:postgresql://db/app                       , ann   , a:b#c
          postgres://ann:x@db/app?connect_timeout=5     , jdbc:postgresql://db/app?connectTimeout=5      , ann   , x
          postgres://ann:x@db/app?connect_timeout=0     , jdbc:postgresql://db/app                       , ann   , x
          postgres://ann:x@db/app?target_session_attrs=any       , jdbc:postgresql://db/app                             , ann   , x
          postgres://ann:x@db/app?target_session_attrs=primary   , jdbc:postgresql://db/app?targetServerType=primary    , ann   , x
          'postgres://ann:x@a,b:6543/app'               , 'jdbc:postgresql://a,b:6543/app?targetServerType=primary'     , ann   , x
          'postgres://ann:x@a,b/app?target_session_attrs=read-write' , 'jdbc:postgresql://a,b/app?targetServerType=primary' , ann , x
          'postgres:///app?host=a,b&port=1,2&user=ann'  , 'jdbc:postgresql://a:1,b:2/app?targetServerType=primary'      , ann   , -
          'postgres://db/app?options=-c%20geqo%3Doff&user=ann@corp&password=p@ss' , jdbc:postgresql://db/app?options=-c%20geqo%3Doff , ann@corp , p@ss
          postgres://db/app?keepalives=1&client_encoding=utf8&sslnegotiation=direct , jdbc:postgresql://db/app?sslNegotiation=direct , - , -
          postgres://db/app?load_balance_hosts=random   , jdbc:postgresql://db/app?loadBalanceHosts=true , -     , -
          """)
  void reads_what_people_write(String text, String jdbcUrl, String user, String password) {
    assertThat(DatabaseUrl.parse(text)).isEqualTo(new DatabaseUrl(jdbcUrl, user, password));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://ann:s3cret@db/app",
        "ann:s3cret@db",
        "postgres:///s3cret",
        "postgres://ann:s3cret%@db/app",
        "s3cret",
        "postgres://ann:s3cret/word@db/app",
        "postgres://ann:s3cret?word@db/app",
        "postgres://ann:12/s3cret@db/app",
        "postgres://ann:12?s3cret=4@db/app",
        "postgres://ann:p@s3cret/word@db/app",
        "postgres://ann:s3cret/word",
        "postgres://ann:s3cret@db:port/app",
        "postgres://ann:s3cret@db:99999/app",
        "postgres://ann:s3cret@:5432/app",
        "postgres://ann@db/app?password=some&s3cret=x",
        "postgres://ann@db/app?password=some&s3cret",
        "jdbc:postgresql://ann:s3cret/word@db/app",
        "jdbc:postgresql://db/app?user=ann&password=a&s3cret",
        "postgres://ann:s3cret@%2Fvar%2Frun%2Fpostgresql/app",
        "postgres://ann:s3cret@db/app?sslmode=s3cret",
        "postgres:///app?host=/var/run/postgresql&user=ann&password=s3cret"
      })
  void rejects_other_texts_without_repeating_them(String text) {
    assertThatThrownBy(() -> DatabaseUrl.parse(text))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("FANFARE_DATABASE_URL ")
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hostaddr=127.0.0.1",
        "passfile=/root/.pgpass",
        "keepalives_idle=5",
        "tcp_user_timeout=5",
        "currentSchema=app",
        "replication=database",
        "sslcrl=file",
        "target_session_attrs=standby",
        "target_session_attrs=read-only",
        "client_encoding=LATIN1",
        "keepalives=0",
        "connect_timeout=soon"
      })
  void refuses_by_name_what_it_cannot_do(String parameter) {
    assertThatThrownBy(() -> DatabaseUrl.parse("postgres://ann:s3cret@db/app?" + parameter))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining(parameter.replaceFirst("=.*", ""))
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ann:pa/ss", "ann:pa?ss", "ann:pa/s?s", "a/nn:pass"})
  void says_how_to_encode_a_password(String login) {
    assertThatThrownBy(() -> DatabaseUrl.parse("postgres://" + login + "@db/app"))
        .hasMessageContaining("%2F");
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          postgres://ann:s3cret@db:6543/app?sslmode=require     , postgresql://ann:****@db:6543/app?sslmode=require
          postgres://ann@db/app                                 , postgresql://ann@db/app
          postgres://db/app                                     , jdbc:postgresql://db/app
          jdbc:postgresql:app?user=ann&password=s3cret          , jdbc:postgresql:app as ann:****
          postgres://ann@db/app?sslpassword=s3cret&sslmode=allow, postgresql://ann@db/app?sslpassword=****&sslmode=allow
          """)
  void shows_no_password(String text, String shown) {
    assertThat(DatabaseUrl.parse(text)).hasToString(shown);
  }
}
