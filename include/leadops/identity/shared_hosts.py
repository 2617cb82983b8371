"""Web sites on which the path names the company, and not the host.

Collected by hand on 2026-11-29: the places that companies give for a site of their own (profiles, link pages,
blogs, site builders, shops, directories) and the shorteners that hide one. No package keeps such a list; the
public suffix list holds the sites on which the host names the company (acme.myshopify.com). Review it once a
year. A user adds to it with `not_companies` in config/identity.yaml.
"""

#: A host, with all below it; with a path, only what begins with it; with a slash alone, only what has a path.
SHARED_HOSTS = frozenset(
    {
        # Profiles
        *("linkedin.com", "facebook.com", "fb.com", "fb.me", "instagram.com", "x.com", "twitter.com"),
        *("threads.net", "threads.com", "bsky.app", "tiktok.com", "youtube.com", "youtu.be", "pinterest.com"),
        *("pinterest.jp", "reddit.com", "discord.com", "discord.gg", "t.me", "telegram.me", "wa.me", "m.me"),
        *("whatsapp.com", "line.me", "lin.ee", "weibo.com", "vk.com", "xing.com", "kakao.com", "viber.com"),
        *(
            "wantedly.com",
            "eight.page",
            "8card.net",
            "github.com",
            "gitlab.com",
            "bitbucket.org",
            "behance.net",
        ),
        *(
            "dribbble.com",
            "about.me",
            "gravatar.com",
            "quora.com",
            "meetup.com",
            "peatix.com",
            "connpass.com",
        ),
        # Link pages
        *(
            "linktr.ee",
            "lit.link",
            "beacons.ai",
            "bio.link",
            "bio.site",
            "carrd.co",
            "campsite.bio",
            "taplink.cc",
        ),
        *("potofu.me", "profcard.info", "linkbio.co", "solo.to", "msha.ke"),
        # Blogs and articles
        *("note.com", "note.mu", "ameblo.jp", "ameba.jp", "medium.com", "substack.com", "blog.goo.ne.jp"),
        *("livedoor.jp", "blog.livedoor.jp", "plaza.rakuten.co.jp", "blog.naver.com", "cafe.naver.com"),
        *("smartstore.naver.com", "qiita.com", "zenn.dev", "prtimes.jp", "wikipedia.org", "crunchbase.com"),
        # Site builders and documents
        *("sites.google.com", "docs.google.com", "drive.google.com", "forms.google.com", "groups.google.com"),
        *("forms.gle", "forms.office.com", "onedrive.live.com", "sharepoint.com", "dropbox.com", "notion.so"),
        *("notion.site", "canva.com", "canva.site", "figma.com", "miro.com", "peraichi.com", "wixsite.com"),
        *(
            "wix.com",
            "jimdo.com",
            "strikingly.com",
            "studio.site",
            "goope.jp",
            "r.goope.jp",
            "crayonsite.com",
        ),
        *("crayonsite.net", "jp-rn.com", "business.site", "calendly.com", "timerex.net", "eventbrite.com"),
        *("zoom.us", "typeform.com", "formrun.com", "form.run", "formzu.net", "ssl.form-mailer.jp"),
        # Maps, search and directories
        *(
            "google.com/maps",
            "google.co.jp/maps",
            "google.com/search",
            "google.co.jp/search",
            "maps.google.com",
        ),
        *("maps.google.co.jp", "business.google.com", "g.page", "g.co", "maps.apple.com", "yelp.com"),
        *(
            "tripadvisor.com",
            "tripadvisor.jp",
            "tabelog.com",
            "hotpepper.jp",
            "beauty.hotpepper.jp",
            "gnavi.co.jp",
        ),
        *("ekiten.jp", "itp.ne.jp", "indeed.com", "glassdoor.com", "en-gage.net", "baseconnect.in"),
        *("houjin.jp", "yellowpages.com"),
        # Shops of many
        *("amazon.com/", "amazon.co.jp/", "amazon.de/", "amazon.co.uk/", "rakuten.co.jp/", "rakuten.ne.jp"),
        *("shopping.yahoo.co.jp", "ebay.com/", "etsy.com/", "mercari.com/", "alibaba.com/", "aliexpress.com"),
        *("apps.apple.com", "play.google.com"),
        # Shorteners
        *(
            "bit.ly",
            "bitly.com",
            "lnkd.in",
            "t.co",
            "goo.gl",
            "tinyurl.com",
            "is.gd",
            "v.gd",
            "ow.ly",
            "buff.ly",
        ),
        *("cutt.ly", "rebrand.ly", "short.io", "shorturl.at", "rb.gy", "t.ly", "tiny.cc", "x.gd", "onl.tw"),
        *("onl.la", "onl.bz", "qr.paps.jp", "qrco.de", "amzn.to", "amzn.asia", "youtube.be", "dlvr.it"),
    }
)


def is_shared_host(host: str, path: str) -> bool:
    """Return whether on `host` (lower case) the `path` (from the slash on) names the company."""
    below, steps = host, [step for step in path.lower().split("/") if step]
    while below:
        if below in SHARED_HOSTS or (steps and f"{below}/" in SHARED_HOSTS):
            return True
        if any(f"{below}/{'/'.join(steps[:count])}" in SHARED_HOSTS for count in (1, 2) if steps[:count]):
            return True
        below = below.partition(".")[2]
    return False
