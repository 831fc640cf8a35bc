"""An S3 emulator (moto) on loopback, for the tests of RemoteStorage.

    s3_server.py FOLDER BUCKET PREFIX closed|open

Puts every file of FOLDER into BUCKET under PREFIX. Prints one line of JSON: port, accessKey and secretKey of a user who
may read the bucket, otherAccessKey and otherSecretKey of one who may not. "closed" checks signatures and rights,
"open" lets everybody read. Ends when its standard input is closed.
"""

import json
import os
import sys
import threading

# Before moto is imported: these are read then.
os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "setup"
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()

import boto3
from moto import settings
from moto.server import ThreadedMotoServer


def main():
    folder, bucket, prefix, access = sys.argv[1:]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # S3 in another region than the default: the signature's region must be the bucket's.
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="eu-west-1")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in sorted(os.listdir(folder)):
        s3.upload_file(os.path.join(folder, name), bucket, f"{prefix}/{name}",
                       ExtraArgs={"ACL": "public-read"} if access == "open" else None)
    iam = boto3.client("iam", endpoint_url=endpoint, region_name="us-east-1")
    keys = []
    for user in ("reader", "stranger"):
        iam.create_user(UserName=user)
        keys.append(iam.create_access_key(UserName=user)["AccessKey"])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
             "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
        ],
    }
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
    if access == "closed":
        # From here on moto checks every signature and every right.
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    print(json.dumps({
        "port": port,
        "accessKey": keys[0]["AccessKeyId"], "secretKey": keys[0]["SecretAccessKey"],
        "otherAccessKey": keys[1]["AccessKeyId"], "otherSecretKey": keys[1]["SecretAccessKey"],
    }), flush=True)
    threading.Event().wait()


main()
