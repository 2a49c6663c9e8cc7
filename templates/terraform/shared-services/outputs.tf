# Told from what was wanted, once it is there: a look at drift must not stumble over what is gone.
output "database" {
  description = "Where the shop's database is; null without one."
  value = var.database == null ? null : {
    host = var.database.host
    port = var.database.port
    name = local.database
    user = local.user
  }

  depends_on = [mysql_grant.shop]
}

output "media" {
  description = "Where the shop's media are; null without a bucket. The access key is the user."
  value = var.media == null ? null : {
    kind     = "s3"
    bucket   = local.bucket
    endpoint = var.media.endpoint
    region   = var.media.region
    prefix   = local.prefix
    user     = "shop-${var.uid}"
    role     = null
  }

  depends_on = [minio_iam_user_policy_attachment.media]
}

output "dns" {
  description = "The name that leads to the shop; null without a record."
  value = var.dns == null ? null : {
    name = trimsuffix("${var.dns.name}.${var.dns.zone}", ".")
  }

  depends_on = [dns_a_record_set.shop, dns_aaaa_record_set.shop, dns_cname_record.shop]
}
