# The region and the account come from the environment (AWS_REGION, AWS_…), so that the provider is
# the same whatever module a state was made by.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  default_tags {
    tags = merge(var.labels, { "storecontroller.io/uid" = var.uid })
  }
}

# In another region nothing of the state would be found, and all of it be forgotten.
data "aws_region" "here" {
  lifecycle {
    postcondition {
      condition     = self.name == var.region
      error_message = "The environment's region is ${self.name}, the stack's is ${var.region}."
    }
  }
}
