locals {
  tags = merge(var.labels, { "storecontroller.io/uid" = var.uid })

  database = try(coalesce(var.database.name, "shop${substr(var.uid, 0, 28)}"), null)
  user     = try(coalesce(var.database.user, "shop${substr(var.uid, 0, 28)}"), null)

  own_bucket = var.media != null && try(var.media.shared_bucket, null) == null
  bucket     = try(coalesce(var.media.shared_bucket, var.media.bucket, "shop-${var.uid}"), null)
  prefix     = try(var.media.shared_bucket, null) == null ? "" : "${var.uid}/"

  # A secret is written, never kept: what the state knows of it is this number, which changes with it.
  editions = {
    for name, secret in { database = var.database_password, media = var.media_secret_key } :
    name => secret == null ? 0 : nonsensitive(parseint(substr(sha256("${var.uid} ${secret}"), 0, 8), 16))
  }
}

resource "mysql_database" "shop" {
  count = var.database == null ? 0 : 1

  name                  = local.database
  default_character_set = "utf8mb4"
  default_collation     = var.database.collation
}

resource "mysql_user" "shop" {
  count = var.database == null ? 0 : 1

  user                = local.user
  host                = var.database.client_host
  password_wo         = var.database_password
  password_wo_version = local.editions.database
  tls_option          = var.database.tls
}

resource "mysql_grant" "shop" {
  count = var.database == null ? 0 : 1

  user       = mysql_user.shop[0].user
  host       = mysql_user.shop[0].host
  database   = mysql_database.shop[0].name
  tls_option = var.database.tls
  # What Magento's installer and upgrades need, and nothing above the database.
  privileges = [
    "ALTER", "CREATE", "CREATE TEMPORARY TABLES", "CREATE VIEW", "DELETE", "DROP", "INDEX", "INSERT",
    "LOCK TABLES", "REFERENCES", "SELECT", "SHOW VIEW", "TRIGGER", "UPDATE",
  ]
}

resource "minio_s3_bucket" "media" {
  count = local.own_bucket ? 1 : 0

  bucket        = local.bucket
  acl           = "private"
  force_destroy = var.force_destroy
  quota         = var.media.quota_bytes
  tags          = local.tags
}

resource "minio_s3_bucket_versioning" "media" {
  count = local.own_bucket && try(var.media.versioning, false) ? 1 : 0

  bucket = minio_s3_bucket.media[0].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "minio_iam_user" "media" {
  count = var.media == null ? 0 : 1

  name              = "shop-${var.uid}"
  force_destroy     = true
  secret_wo         = var.media_secret_key
  secret_wo_version = local.editions.media
}

resource "minio_iam_policy" "media" {
  count = var.media == null ? 0 : 1

  name = "shop-${var.uid}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation"]
        Resource = ["arn:aws:s3:::${local.bucket}"]
      },
      merge(
        {
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = ["arn:aws:s3:::${local.bucket}"]
        },
        local.own_bucket ? {} : { Condition = { StringLike = { "s3:prefix" = ["${local.prefix}*"] } } },
      ),
      {
        Effect = "Allow"
        Action = [
          "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts",
          "s3:PutObject",
        ]
        Resource = ["arn:aws:s3:::${local.bucket}/${local.prefix}*"]
      },
    ]
  })

  depends_on = [minio_s3_bucket.media]
}

resource "minio_iam_user_policy_attachment" "media" {
  count = var.media == null ? 0 : 1

  user_name   = minio_iam_user.media[0].name
  policy_name = minio_iam_policy.media[0].name
}

resource "dns_a_record_set" "shop" {
  count = try(var.dns.kind, "") == "A" ? 1 : 0

  zone      = var.dns.zone
  name      = var.dns.name
  addresses = toset(var.dns.target)
  ttl       = var.dns.ttl
}

resource "dns_aaaa_record_set" "shop" {
  count = try(var.dns.kind, "") == "AAAA" ? 1 : 0

  zone      = var.dns.zone
  name      = var.dns.name
  addresses = toset(var.dns.target)
  ttl       = var.dns.ttl
}

resource "dns_cname_record" "shop" {
  count = try(var.dns.kind, "") == "CNAME" ? 1 : 0

  zone  = var.dns.zone
  name  = var.dns.name
  cname = var.dns.target[0]
  ttl   = var.dns.ttl
}
