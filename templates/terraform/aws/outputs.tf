# Told from what was wanted where that is known: a look at drift must not stumble over what is gone.
output "database" {
  description = "Where the shop's database is; null without one."
  value = var.database == null ? null : {
    host = try(aws_db_instance.shop[0].address, null)
    port = try(aws_db_instance.shop[0].port, null)
    name = local.database
    user = local.user
  }
}

output "media" {
  description = "Where the shop's media are; null without a bucket. The pods' role gives access."
  value = var.media == null ? null : {
    kind     = "s3"
    bucket   = local.bucket
    endpoint = "https://s3.${var.region}.amazonaws.com"
    region   = var.region
    prefix   = ""
    user     = null
    role     = try(aws_iam_role.media[0].arn, null)
  }

  depends_on = [aws_s3_bucket_policy.media, aws_iam_role_policy_attachment.media]
}

output "dns" {
  description = "The name that leads to the shop; null without a record."
  value = var.dns == null ? null : {
    name = var.dns.name
  }

  depends_on = [aws_route53_record.shop]
}
