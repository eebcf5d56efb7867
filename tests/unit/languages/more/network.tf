terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = var.region
}

# Where everything runs.
variable "region" {
  type        = string
  description = "The region."
  default     = "eu-central-1"
}

locals {
  name = "shop-${var.stage}"
  tags = {
    Stage = var.stage
  }
}

data "aws_ami" "base" {
  most_recent = true
  filter {
    name   = "name"
    values = ["base-*"]
  }
}

# The machine that serves the shop.
resource "aws_instance" "web" {
  count         = var.size
  ami           = data.aws_ami.base.id
  instance_type = lookup(local.types, var.stage, "t3.small")

  root_block_device {
    volume_size = 20
  }

  lifecycle {
    create_before_destroy = true
  }
}

module "network" {
  source = "./modules/network"
  cidr   = cidrsubnet(var.cidr, 4, 1)
}

output "address" {
  value = aws_instance.web[0].public_ip
}
