vcl 4.1;
# The page cache in front of the web servers. It keeps what Magento says may be kept (s-maxage), forgets
# by tags what Magento tells it to (PURGE with X-Magento-Tags-Pattern), and puts pages together that Magento
# leaves open (ESI). Private content never comes this way: the browser asks for it (customer/section/load).
# The chart writes the names between at signs.

import std;

backend web {
    .host = "@WEB@";
    .port = "80";
    .connect_timeout = 5s;
    # As long as PHP may take: an import in the administration is one request.
    .first_byte_timeout = 600s;
    .between_bytes_timeout = 60s;
    .probe = {
        .url = "/-/live";
        # Well after two answers, so that a shop that comes is not kept waiting; ill after fifteen misses.
        .interval = 1s;
        .timeout = 4s;
        .window = 16;
        .threshold = 2;
        .initial = 2;
    }
}

sub vcl_recv {
    if (req.url == "/-/page-cache") {
        return (synth(200, "OK"));
    }
    # The shop's own pods alone reach this port: the network's rules say so.
    if (local.socket == "purge") {
        if (req.method != "PURGE") {
            return (synth(405));
        }
        if (req.http.X-Magento-Tags-Pattern) {
            ban("obj.http.X-Magento-Tags ~ " + req.http.X-Magento-Tags-Pattern);
        } else if (req.http.X-Pool) {
            return (synth(200, "Nothing of a pool is kept"));
        } else {
            return (synth(400, "X-Magento-Tags-Pattern is missing"));
        }
        return (synth(200, "Forgotten"));
    }
    # What answers the probes is nobody's business outside; a host's website and an open door are.
    if (req.url != "/-/site" && req.url ~ "^/(-/|health_check\.php|rest/all/V1/storecontroller/ready)") {
        return (synth(404));
    }
    # A backup is being loaded: nobody is behind, and what was kept here is of before.
    if (@RESTS@ && req.url == "/-/site") {
        return (synth(200, "Resting"));
    }
    if (@RESTS@) {
        return (synth(503, "Closed"));
    }
    if (req.method !~ "^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$") {
        return (synth(405));
    }
    set req.http.Host = std.tolower(req.http.Host);
    # PHP would take it for the way to other servers.
    unset req.http.proxy;
    if (@CLOSED@ || req.url == "/-/site" || (req.method != "GET" && req.method != "HEAD")) {
        return (pass);
    }
    # Files come from the web server's disk; the administration, REST and what belongs to one visitor are
    # never kept.
    if (req.url ~ "^/(static|media|@ADMIN@|rest|customer/section|checkout|graphql)([/?]|$)") {
        return (pass);
    }
    # Who sent the visitor is for scripts in the browser, and makes no other page.
    if (req.url ~ "[?&](gclid|gbraid|wbraid|gclsrc|dclid|fbclid|msclkid|ttclid|twclid|igshid|yclid|mc_[a-z]+|utm_[a-z]+|_kx|srsltid)=") {
        set req.url = regsuball(req.url, "(gclid|gbraid|wbraid|gclsrc|dclid|fbclid|msclkid|ttclid|twclid|igshid|yclid|mc_[a-z]+|utm_[a-z]+|_kx|srsltid)=[^&]*&?", "");
        set req.url = regsub(req.url, "[?&]+$", "");
    }
    set req.url = std.querysort(req.url);
    # Out of date by minutes: shown while a new one is fetched. While nobody answers: by a day.
    if (std.healthy(req.backend_hint)) {
        set req.grace = 5m;
    }
    return (hash);
}

sub vcl_hash {
    # What makes another page of one address, apart from the host: the visitor's group, currency and
    # view (Magento's own digest of them), and whether it was asked for over TLS.
    if (req.http.Cookie ~ "X-Magento-Vary=") {
        hash_data(regsub(req.http.Cookie, "^.*?X-Magento-Vary=([^;]+);*.*$", "\1"));
    }
    hash_data(req.http.X-Forwarded-Proto);
}

sub vcl_backend_response {
    set beresp.grace = 1d;
    # What was fetched behind a visitor's back and is broken does not take the place of what is there.
    if (beresp.status >= 500 && bereq.is_bgfetch) {
        return (abandon);
    }
    if (beresp.http.content-type ~ "^text/html") {
        set beresp.do_esi = true;
    }
    if (beresp.http.content-type ~ "^(text/|application/(javascript|json|xml))") {
        set beresp.do_gzip = true;
    }
    # While web servers are replaced, pages of the old image are shown and not kept.
    if (beresp.http.X-Shop-Release && beresp.http.X-Shop-Release != "@RELEASE@") {
        set beresp.ttl = 5s;
        set beresp.uncacheable = true;
        return (deliver);
    }
    # What is broken, private or not said to be kept is not; the next visitor does not wait for it either.
    if ((beresp.status != 200 && beresp.status != 301 && beresp.status != 302 && beresp.status != 404)
        || beresp.http.Cache-Control ~ "(?i)(private|no-store|no-cache)"
        || beresp.http.Cache-Control !~ "(?i)s-maxage"
        || beresp.ttl <= 0s
        || beresp.http.Surrogate-Control ~ "(?i)no-store"
        || beresp.http.Vary == "*") {
        set beresp.ttl = 120s;
        set beresp.uncacheable = true;
        return (deliver);
    }
    # A page that is kept sets nobody's cookie.
    unset beresp.http.Set-Cookie;
}

sub vcl_backend_error {
    set beresp.status = 503;
    set beresp.http.Retry-After = "5";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Content-Type = "text/html; charset=utf-8";
    if (bereq.is_bgfetch) {
        return (abandon);
    }
    set beresp.ttl = 0s;
    synthetic({"<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>503</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;color:#333}</style>
<p lang="en">The shop is busy. Please try again in a moment.
<p lang="de">Der Laden ist gerade sehr beschäftigt. Bitte versuchen Sie es gleich noch einmal.
<p lang="es">La tienda está muy ocupada. Inténtalo de nuevo en un momento.
<p lang="ar" dir="rtl">المتجر مشغول الآن. يُرجى المحاولة بعد لحظات.
"});
    return (deliver);
}

sub vcl_deliver {
    # What the cache and Magento tell each other is not for visitors. A browser asks again for each page,
    # as what was kept may have been forgotten here.
    if (obj.uncacheable) {
        set resp.http.X-Cache = "PASS";
    } else if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
    if (resp.http.X-Magento-Tags && resp.http.Cache-Control !~ "private") {
        set resp.http.Pragma = "no-cache";
        set resp.http.Expires = "-1";
        set resp.http.Cache-Control = "no-store, no-cache, must-revalidate, max-age=0";
    }
    # Behind a closed door pages are kept here that are shown still.
    if (!@CLOSED@ && req.url == "/-/site" && resp.http.X-Shop-Storefront == "closed") {
        set resp.http.X-Shop-Storefront = "closing";
    }
    unset resp.http.X-Magento-Tags;
    unset resp.http.X-Magento-Debug;
    unset resp.http.X-Shop-Release;
    unset resp.http.X-Powered-By;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    unset resp.http.Age;
    unset resp.http.Link;
}

sub vcl_synth {
    if (resp.status == 404 || resp.status == 405 || resp.status == 400) {
        set resp.http.Content-Type = "text/plain; charset=utf-8";
        set resp.body = resp.reason;
    }
    if (resp.reason == "Resting") {
        # The door is seen open again only after this.
        set resp.http.Content-Type = "text/plain; charset=utf-8";
        set resp.http.X-Shop-Storefront = "resting";
    }
    if (resp.status == 503) {
        set resp.http.Content-Type = "text/html; charset=utf-8";
        set resp.http.Retry-After = "600";
        set resp.http.Cache-Control = "no-store";
        synthetic({"<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>503</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;color:#333}</style>
<p lang="en">The shop is taking a short break. Please come back soon.
<p lang="de">Der Laden macht eine kurze Pause. Bitte schauen Sie bald wieder vorbei.
<p lang="es">La tienda se toma un breve descanso. Vuelve pronto.
<p lang="ar" dir="rtl">المتجر في استراحة قصيرة. نرجو أن تزورنا مجددًا قريبًا.
"});
    }
    return (deliver);
}
