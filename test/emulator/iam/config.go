package iam

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config by which the AWS SDK reaches an emulator, with an access key. Nothing of it comes from the process's environment,
// so that tests may run at the same time.
func Config(endpoint, accessKeyID string) *aws.Config {
	return &aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(accessKeyID, "emulated", "")),
	}
}
