locals {
  database = try(coalesce(var.database.name, "shop"), null)
  user     = try(coalesce(var.database.user, "shop"), null)
  bucket   = try(coalesce(var.media.bucket, "shop-${var.uid}"), null)
  trust    = try(var.media.trust, null)

  # The password is written, never kept: the state knows this number, which changes with it.
  edition = (
    var.database_password == null
    ? 0
    : nonsensitive(parseint(substr(sha256("${var.uid} ${var.database_password}"), 0, 8), 16))
  )
}

resource "aws_db_instance" "shop" {
  count = var.database == null ? 0 : 1

  identifier     = "shop-${var.uid}"
  engine         = "mariadb"
  engine_version = var.database.engine_version
  instance_class = var.database.instance_class
  db_name        = local.database

  username            = local.user
  password_wo         = var.database_password
  password_wo_version = local.edition

  allocated_storage     = var.database.storage_gb
  max_allocated_storage = var.database.max_storage_gb
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.database.kms_key_id

  db_subnet_group_name   = var.database.subnet_group
  vpc_security_group_ids = var.database.security_group_ids
  publicly_accessible    = false
  multi_az               = var.database.multi_az

  auto_minor_version_upgrade = true
  backup_retention_period    = var.database.backup_days
  copy_tags_to_snapshot      = true

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = var.force_destroy
  final_snapshot_identifier = var.force_destroy ? null : "shop-${var.uid}-last"

  depends_on = [data.aws_region.here]
}

resource "aws_s3_bucket" "media" {
  count = var.media == null ? 0 : 1

  bucket        = local.bucket
  force_destroy = var.force_destroy

  depends_on = [data.aws_region.here]
}

resource "aws_s3_bucket_public_access_block" "media" {
  count = var.media == null ? 0 : 1

  bucket                  = aws_s3_bucket.media[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "media" {
  count = var.media == null ? 0 : 1

  bucket = aws_s3_bucket.media[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "media" {
  count = var.media == null ? 0 : 1

  bucket = aws_s3_bucket.media[0].id

  rule {
    bucket_key_enabled = var.media.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.media.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.media.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "media" {
  count = var.media == null ? 0 : 1

  bucket = aws_s3_bucket.media[0].id

  versioning_configuration {
    status = var.media.versioning ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "media" {
  count = var.media == null ? 0 : 1

  bucket = aws_s3_bucket.media[0].id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.media.old_versions_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.media]
}

resource "aws_s3_bucket_policy" "media" {
  count = var.media == null ? 0 : 1

  bucket = aws_s3_bucket.media[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyEncryptedConnections"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.media[0].arn, "${aws_s3_bucket.media[0].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.media]
}

resource "aws_iam_policy" "media" {
  count = var.media == null ? 0 : 1

  name        = "shop-${var.uid}-media"
  description = "The media of one shop"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
          Resource = [aws_s3_bucket.media[0].arn]
        },
        {
          Effect = "Allow"
          Action = [
            "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts",
            "s3:PutObject",
          ]
          Resource = ["${aws_s3_bucket.media[0].arn}/*"]
        },
      ],
      var.media.kms_key_arn == null ? [] : [
        {
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = [var.media.kms_key_arn]
        },
      ],
    )
  })
}

resource "aws_iam_role" "media" {
  count = local.trust == null ? 0 : 1

  name        = "shop-${var.uid}-media"
  description = "Taken on by the pods of one shop"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Federated = local.trust.provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.trust.issuer}:aud" = "sts.amazonaws.com"
            "${local.trust.issuer}:sub" = "system:serviceaccount:${local.trust.namespace}:${local.trust.service_account}"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "media" {
  count = local.trust == null ? 0 : 1

  role       = aws_iam_role.media[0].name
  policy_arn = aws_iam_policy.media[0].arn
}

resource "aws_route53_record" "shop" {
  count = var.dns == null ? 0 : 1

  zone_id = var.dns.zone_id
  name    = var.dns.name
  type    = var.dns.kind
  ttl     = var.dns.ttl
  records = var.dns.target
}
